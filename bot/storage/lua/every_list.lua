-- The schedules of a maker and those in a channel: id and sealed schedule, one after the other.
local person, place = unpack(ARGV)

local fields, found, seen = redis.call('HGETALL', KEYS[1]), {}, {}
for i = 1, #fields, 2 do
  local id, mark = string.match(fields[i], '^(%x+):(%a)$')
  local wanted = mark == 'a' and fields[i + 1] == person or mark == 'p' and fields[i + 1] == place
  if wanted and not seen[id] then
    seen[id] = true
    table.insert(found, id)
    table.insert(found, redis.call('HGET', KEYS[1], id) or '')
  end
end
return found
