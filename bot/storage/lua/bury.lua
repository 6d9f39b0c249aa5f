-- Moves the event to the dead letters and schedules the next.
local state, mail, turn, dead = unpack(KEYS, 7)
local _, conversation, epoch, id, workspace, why, most, ttl = unpack(ARGV)

local how = standing(state, epoch)
if how ~= 'held' then return how end
local letter = redis.call('XRANGE', mail, id, id)[1]
if letter then
  redis.call('XADD', dead, 'MAXLEN', '~', most, '*', 'c', conversation, 'w', workspace, 'y', why, 'e', letter[2][2])
  redis.call('XTRIM', dead, 'MINID', '~', math.floor((now() - ttl) * 1000))
  redis.call('XDEL', mail, id)
end
redis.call('DEL', turn)
hand_in(state, conversation, epoch)
schedule(state, mail, conversation, ttl)
return 'held'
