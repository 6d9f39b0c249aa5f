-- Appends to the post that grows. `number` counts from 1 after each rewrite, so that the same growth counts once.
local seq, log, owners, grown, gone = unpack(KEYS)
local chat, id, attempt, number, sealed, kept, day, place = unpack(ARGV)

if redis.call('EXISTS', gone) == 1 then return 'gone' end
local owner = string.match(redis.call('HGET', owners, id) or '', '^%d+')
if not owner or redis.call('HGET', owners, '') ~= id then return 'fenced' end
if tonumber(owner) > tonumber(attempt) then return 'fenced' end
if tonumber(number) ~= redis.call('LLEN', grown) + 1 then return 'held' end
redis.call('RPUSH', grown, sealed)
redis.call('EXPIRE', grown, day)
redis.call('XADD', log, 'MAXLEN', '~', kept, redis.call('INCR', seq) .. '-0', 'k', 'grow', 'c', chat, 'd', sealed, 'i', place)
return 'held'
