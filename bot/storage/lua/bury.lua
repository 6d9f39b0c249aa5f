-- Moves the event to the dead letters and schedules the next.
local state, mail, turn, dead, times = unpack(KEYS, 7)
local _, conversation, epoch, id, reference, about, most, ttl = unpack(ARGV)

local how = standing(state, epoch)
if how ~= 'held' then return how end
local letter = redis.call('XRANGE', mail, id, id)[1]
if letter then
  redis.call('HSET', dead, reference, about, reference .. ':e', letter[2][2])
  redis.call('ZADD', times, now(), reference)
  age(dead, times, most, ttl)
  redis.call('XDEL', mail, id)
end
redis.call('DEL', turn)
hand_in(state, conversation, epoch)
schedule(state, mail, turn, conversation, ttl)
return 'held'
