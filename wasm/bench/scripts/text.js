// Regular expressions, maps, JSON, typed arrays and closures over one generated log.
let state = 99;
const random = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % limit;
};
const lines = Array.from({ length: 4000 }, (_, index) => {
  const path = ['pond', 'leaf', 'root', 'water'][random(4)];
  return `10.0.${random(256)}.${random(256)} [${index}] "GET /${path}/${random(1000)}" ${random(5) * 100 + 100} ${random(90000)}`;
});
let total = 0;
for (let round = 0; round < 10; round++) {
  const byPath = new Map();
  for (const line of lines) {
    const found = /^([\d.]+) \[(\d+)\] "GET \/(\w+)\/(\d+)" (\d{3}) (\d+)$/.exec(line);
    const [, address, , path, , status, size] = found;
    const entry = byPath.get(path) ?? { hits: 0, bytes: 0, statuses: {}, addresses: new Set() };
    entry.hits += 1;
    entry.bytes += Number(size);
    entry.statuses[status] = (entry.statuses[status] ?? 0) + 1;
    entry.addresses.add(address);
    byPath.set(path, entry);
  }
  const report = [...byPath]
    .sort()
    .map(([path, entry]) => ({ path, ...entry, addresses: [...entry.addresses].sort() }));
  const bytes = Uint8Array.from(JSON.stringify(JSON.parse(JSON.stringify(report))), (c) =>
    c.charCodeAt(0),
  );
  for (const byte of bytes) total = (Math.imul(total, 31) + byte) >>> 0;
}
print(total);
