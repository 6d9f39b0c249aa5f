-- Puts a conversation whose pause is over back into the line.
local state, mail, turn, delay = unpack(KEYS, 7)
local _, conversation, ttl = unpack(ARGV)

if redis.call('ZREM', delay, conversation) == 1 and redis.call('HGET', state, 'sched') == 'delayed' then
  schedule(state, mail, turn, conversation, ttl)
end
return 'ok'
