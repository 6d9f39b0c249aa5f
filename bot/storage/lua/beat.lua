-- Renews a lease by resetting the idle time of its entry. Returns 'ok', 'stop' or 'lost'.
local state, turn, ready = unpack(KEYS)
local epoch, entry, consumer = unpack(ARGV)

if standing(state, epoch) ~= 'held' then return 'lost' end
redis.call('XCLAIM', ready, GROUP, consumer, 0, entry, 'JUSTID')
if redis.call('HEXISTS', turn, 'stop') == 1 then return 'stop' end
return 'ok'
