-- A scheduler of coroutines that send one another messages: closures, methods, calls.
local Queue = {}
Queue.__index = Queue
function Queue.new() return setmetatable({ first = 1, last = 0 }, Queue) end
function Queue:push(item) self.last = self.last + 1; self[self.last] = item end
function Queue:pop()
  if self.first > self.last then return nil end
  local item = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  return item
end

local TASKS, MESSAGES = 64, 4000
local ready, boxes, sum = Queue.new(), {}, 0
local function send(to, message)
  boxes[to]:push(message)
  ready:push(to)
end
local tasks = {}
for id = 1, TASKS do
  boxes[id] = Queue.new()
  tasks[id] = coroutine.wrap(function()
    local seen = 0
    while true do
      local message = boxes[id]:pop()
      if not message then
        coroutine.yield()
      else
        seen = seen + 1
        sum = (sum * 31 + message.value + seen) % 1000000007
        if message.hops > 0 then
          send((id * 7 + message.value) % TASKS + 1, { value = message.value + id, hops = message.hops - 1 })
        end
      end
    end
  end)
end
for i = 1, MESSAGES do send(i % TASKS + 1, { value = i, hops = 50 }) end
for id in function() return ready:pop() end do tasks[id]() end
print(sum)
