-- Renews a lease. Returns 'ok', 'stop' or 'lost'.
local leases, state, turn = unpack(KEYS)
local epoch, conversation, lease = unpack(ARGV)

if standing(state, epoch) ~= 'held' then return 'lost' end
redis.call('ZADD', leases, 'XX', math.floor(now() * 1000) + lease, conversation)
if redis.call('HEXISTS', turn, 'stop') == 1 then return 'stop' end
return 'ok'
