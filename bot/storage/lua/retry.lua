-- Gives the conversation back, to be claimed again after a pause. Its order is kept: the event stays first.
local state, turn, delay = unpack(KEYS, 7)
local _, conversation, epoch, seconds, failed = unpack(ARGV)

local how = standing(state, epoch)
if how ~= 'held' then return how end
if failed == '1' then redis.call('HINCRBY', turn, 'failures', 1) end
hand_in(state, conversation, epoch)
redis.call('HSET', state, 'sched', 'delayed')
redis.call('ZADD', delay, now() + tonumber(seconds), conversation)
return 'held'
