-- A worker's last call: entries delivered to it are made to look abandoned, so that others take them at once.
local ready, consumer, longest = KEYS[1], ARGV[1], ARGV[2]

local mine = redis.call('XPENDING', ready, GROUP, '-', '+', 1000, consumer)
for _, pending in ipairs(mine) do
  redis.call('XCLAIM', ready, GROUP, consumer, 0, pending[1], 'IDLE', longest, 'JUSTID')
end
if #mine == 0 then redis.call('XGROUP', 'DELCONSUMER', ready, GROUP, consumer) end
return 'ok'
