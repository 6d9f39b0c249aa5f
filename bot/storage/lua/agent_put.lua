-- Stores an agent with its earlier versions, unless somebody else changed it meanwhile, its name is used in its scope, or there
-- are too many. A call that comes again finds what it has stored.
local agents, versions, choices = unpack(KEYS)
local id, sealed, earlier, revision, turn, owner, name, most_person, most, stamp = unpack(ARGV)

local known = redis.call('HGET', agents, id .. ':r')
if known == revision .. ' ' .. turn then return '' end
if (known and string.match(known, '^%d+') or '0') ~= tostring(tonumber(revision) - 1) then return 'changed' end
local fields = redis.call('HGETALL', agents)
local of_person, all = 0, 0
for i = 1, #fields, 2 do
  local other, kind = string.match(fields[i], '^(%x+):(%a)$')
  if kind == 'a' then
    all = all + 1
    if fields[i + 1] == owner then of_person = of_person + 1 end
  elseif kind == 'n' and fields[i + 1] == name and other ~= id then
    return 'taken'
  end
end
if not known then
  if of_person >= tonumber(most_person) then return 'person' end
  if all >= tonumber(most) then return 'workspace' end
end
redis.call('HSET', agents, id, sealed, id .. ':a', owner, id .. ':n', name, id .. ':r', revision .. ' ' .. turn)
redis.call('HSET', versions, id, earlier)
redis.call('HSET', choices, 'agents', stamp)
return ''
