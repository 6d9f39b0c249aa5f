-- What has waited long enough: the conversations whose pause is over, and those whose worker has let its lease run out,
-- handed to this worker. The last answer is 1 when somebody is in line, in case a bell was not heard.
local delay = KEYS[7]
local _, worker, limit, lease, pauses = unpack(ARGV)

local due = redis.call('ZRANGEBYSCORE', delay, '-inf', now(), 'LIMIT', 0, pauses)
local lapsed = {}
for _, conversation in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', now() * 1000, 'LIMIT', 0, limit)) do
  local held = redis.call('HGET', DESK, 'w:' .. conversation)
  local at = held and string.match(held, ' (%d+)$')
  if at then
    hand_over(conversation, worker, at, tonumber(lease))
    table.insert(lapsed, { conversation, at, redis.call('HGET', DESK, 'a:' .. conversation) })
  else
    redis.call('ZREM', LEASES, conversation)
  end
end
return { due, lapsed, redis.call('EXISTS', LINE) }
