-- Erases the schedules of a maker ('a'), of a conversation ('c'), the one of that id (''), or all ('all'); returns how many.
local schedules, due = unpack(KEYS)
local workspace, kind, wanted = unpack(ARGV)

local doomed = {}
if kind == '' then
  if redis.call('HEXISTS', schedules, wanted) == 1 then doomed = { wanted } end
else
  local fields = redis.call('HGETALL', schedules)
  for i = 1, #fields, 2 do
    local id, mark = string.match(fields[i], '^(%x+):(%a)$')
    if id and (mark == kind and fields[i + 1] == wanted or kind == 'all' and mark == 'a') then table.insert(doomed, id) end
  end
end
for _, id in ipairs(doomed) do
  redis.call('HDEL', schedules, id, id .. ':a', id .. ':c', id .. ':p', id .. ':t')
  redis.call('ZREM', due, workspace .. ':' .. id)
end
return #doomed
