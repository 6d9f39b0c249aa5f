-- Puts a conversation whose pause is over back into the queue.
local state, mail, ready, delay = unpack(KEYS)
local conversation, ttl = unpack(ARGV)

if redis.call('ZREM', delay, conversation) == 1 and redis.call('HGET', state, 'sched') == 'delayed' then
  schedule(state, mail, ready, conversation, ttl)
end
return 'ok'
