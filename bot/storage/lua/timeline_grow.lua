-- Appends to the post that grows. `number` counts from 1 after each rewrite, so that the same growth counts once.
local seq, log, owners, growing, gone = unpack(KEYS)
local chat, id, attempt, number, sealed, kept, day, place = unpack(ARGV)

if redis.call('EXISTS', gone) == 1 then return 'gone' end
local owner = string.match(redis.call('HGET', owners, id) or '', '^%d+')
local count = redis.call('HGET', growing, id)
if not owner or not count then return 'fenced' end
if tonumber(owner) > tonumber(attempt) then return 'fenced' end
if tonumber(number) ~= tonumber(count) + 1 then return 'held' end
redis.call('HSET', growing, id .. ' ' .. number, sealed, id, number)
redis.call('EXPIRE', growing, day)
redis.call('XADD', log, 'MAXLEN', '~', kept, redis.call('INCR', seq) .. '-0', 'k', 'grow', 'c', chat, 'd', sealed, 'i', place)
return 'held'
