-- What an event in hand chooses for its thread, in force before anybody is told. ARGV: epoch, then fields and choices.
local state = KEYS[1]
if standing(state, ARGV[1]) ~= 'held' then return 'lost' end
for at = 2, #ARGV, 2 do
  if ARGV[at + 1] == '' then redis.call('HDEL', state, ARGV[at]) else redis.call('HSET', state, ARGV[at], ARGV[at + 1]) end
end
return 'held'
