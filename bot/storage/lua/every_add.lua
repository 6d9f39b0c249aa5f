-- Stores a schedule, unless its maker, its channel or the workspace has as many as there may be. A call that comes again
-- finds what it has stored.
local schedules, due = unpack(KEYS)
local id, member, sealed, at, person, conversation, place, most_person, most_place, most = unpack(ARGV)

if redis.call('HEXISTS', schedules, id) == 1 then return 'added' end
local fields = redis.call('HGETALL', schedules)
local of_person, in_place, all = 0, 0, 0
for i = 1, #fields, 2 do
  local kind = string.match(fields[i], ':(%a)$')
  if kind == 'a' then
    all = all + 1
    if fields[i + 1] == person then of_person = of_person + 1 end
  elseif kind == 'p' and fields[i + 1] == place then
    in_place = in_place + 1
  end
end
if of_person >= tonumber(most_person) then return 'person' end
if in_place >= tonumber(most_place) then return 'place' end
if all >= tonumber(most) then return 'workspace' end
redis.call('HSET', schedules, id, sealed, id .. ':a', person, id .. ':c', conversation, id .. ':p', place)
redis.call('ZADD', due, at, member)
return 'added'
