-- Erases an agent; returns whether there was one.
local agents, versions, choices = unpack(KEYS)
local id, stamp = unpack(ARGV)

local gone = redis.call('HDEL', agents, id, id .. ':a', id .. ':n', id .. ':r')
redis.call('HDEL', versions, id)
if gone > 0 then redis.call('HSET', choices, 'agents', stamp) end
return gone
