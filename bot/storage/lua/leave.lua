-- A worker's last call: what was handed to it is made to look abandoned, so that others take it at once.
local worker = ARGV[2]

for _, conversation in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
  local held = redis.call('HGET', DESK, 'w:' .. conversation)
  if held and string.match(held, '^(.*) %d+$') == worker then redis.call('ZADD', LEASES, 0, conversation) end
end
return 'ok'
