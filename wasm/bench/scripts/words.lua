-- Counts words: patterns, string keys, sorting, concatenation.
local state = 42
local function random(limit)
  state = (state * 1103515245 + 12345) % 2147483648
  return state // 65536 % limit
end
local syllables = { 'lem', 'na', 'wolf', 'fia', 'spi', 'ro', 'de', 'la', 'azol', 'pond' }
local parts = {}
for i = 1, 40000 do
  parts[i] = syllables[random(10) + 1] .. syllables[random(10) + 1] .. random(7)
end
local text = table.concat(parts, ' ')
local total = 0
for round = 1, 24 do
  local counts, order = {}, {}
  for word in text:gmatch('%w+') do
    if not counts[word] then order[#order + 1] = word end
    counts[word] = (counts[word] or 0) + 1
  end
  table.sort(order, function(one, other)
    if counts[one] ~= counts[other] then return counts[one] > counts[other] end
    return one < other
  end)
  for rank, word in ipairs(order) do total = total + rank * counts[word] * (word:byte(1) + round) end
  text = text:gsub('na(%d)', 'ne%1'):upper():lower()
end
print(total, #text)
