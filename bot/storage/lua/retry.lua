-- Gives the conversation back, to be claimed again after a pause. Its order is kept: the event stays first.
local state, turn, ready, delay = unpack(KEYS)
local conversation, epoch, entry, seconds, failed = unpack(ARGV)

local how = standing(state, epoch)
if how ~= 'held' then return how end
if failed == '1' then redis.call('HINCRBY', turn, 'failures', 1) end
hand_in(state, ready, entry, epoch)
redis.call('HSET', state, 'sched', 'delayed')
redis.call('ZADD', delay, now() + tonumber(seconds), conversation)
return 'held'
