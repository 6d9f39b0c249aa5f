-- Stores how far the turn in hand has come.
local state, turn = unpack(KEYS)
local epoch, record = unpack(ARGV)

if standing(state, epoch) ~= 'held' then return 'lost' end
redis.call('HSET', turn, 'record', record)
return 'held'
