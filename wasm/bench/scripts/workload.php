<?php
// Arrays, strings, closures and classes.
final class Grid
{
    private array $cells;

    public function __construct(private int $size)
    {
        $this->cells = array_fill(0, $size * $size, 0);
        for ($i = 0; $i < $size * $size; $i++) {
            $this->cells[$i] = ($i * 7919 + ($i >> 3)) % 5 === 0 ? 1 : 0;
        }
    }

    public function step(): void
    {
        $size = $this->size;
        $next = [];
        for ($y = 0; $y < $size; $y++) {
            for ($x = 0; $x < $size; $x++) {
                $count = 0;
                for ($dy = -1; $dy <= 1; $dy++) {
                    $row = (($y + $dy + $size) % $size) * $size;
                    for ($dx = -1; $dx <= 1; $dx++) {
                        $count += $this->cells[$row + ($x + $dx + $size) % $size];
                    }
                }
                $alive = $this->cells[$y * $size + $x];
                $next[] = $count === 3 || ($alive === 1 && $count === 4) ? 1 : 0;
            }
        }
        $this->cells = $next;
    }

    public function digest(): string
    {
        return md5(implode('', $this->cells));
    }
}

$grid = new Grid(96);
for ($i = 0; $i < 10; $i++) {
    $grid->step();
}
$words = [];
$state = 3;
for ($i = 0; $i < 60000; $i++) {
    // Integers have 32 bits here.
    $state = ($state * 4093 + 12345) % 524287;
    $words[] = dechex($state);
}
$counts = array_count_values(array_map(fn ($word) => substr($word, 0, 3), $words));
ksort($counts);
usort($words, fn ($one, $other) => strlen($one) <=> strlen($other) ?: strcmp($one, $other));
echo $grid->digest(), ' ', md5(json_encode($counts)), ' ', crc32(implode(' ', $words)), "\n";
