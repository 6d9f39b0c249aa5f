-- Erases a conversation outside a claim, with all that waits in it; returns how many turns it had. A turn in hand is
-- left its claim and nothing else: its commit finds its event gone, and keeps nothing. With `whole` it is fenced.
local state, mail, turn, history, delay, index = unpack(KEYS, 7)
local _, conversation, whole = unpack(ARGV)

local turns = redis.call('LLEN', history)
redis.call('DEL', history, mail)
redis.call('ZREM', index, conversation)
local sched, epoch = unpack(redis.call('HMGET', state, 'sched', 'epoch'))
if epoch and whole == '' then
  redis.call('HDEL', turn, 'record')
  redis.call('HDEL', state, 'choice', 'effort', 'tools', 'joined', 'told', 'grown')
else
  redis.call('ZREM', delay, conversation)
  if sched then unqueue(conversation, sched) end
  put_away(conversation)
  redis.call('DEL', state, turn)
end
return turns
