-- Renews the leases of one shard's conversations. Returns for each 'ok', 'stop' or 'lost'.
-- KEYS: leases, then state and turn of each. ARGV: the lease in milliseconds, then epoch and conversation of each.
local leases, lease = KEYS[1], ARGV[1]
local answers, till = {}, math.floor(now() * 1000) + lease

for each = 2, #KEYS, 2 do
  local state, turn, epoch, conversation = KEYS[each], KEYS[each + 1], ARGV[each], ARGV[each + 1]
  local answer = 'lost'
  if standing(state, epoch) == 'held' then
    redis.call('ZADD', leases, 'XX', till, conversation)
    answer = redis.call('HEXISTS', turn, 'stop') == 1 and 'stop' or 'ok'
  end
  answers[#answers + 1] = answer
end
return answers
