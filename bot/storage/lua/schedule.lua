-- How a conversation enters the line and leaves a worker's hands. Put in front of every script, after line.lua.

-- A conversation with mail is in one place: in the queue, in a worker's hands or in the delay set; `sched` is its number
-- ('delayed' in the delay set). Call this only when it is in none. An idle conversation is erased after `ttl` seconds.
local function schedule(state, mail, turn, conversation, ttl)
  local waiting = first(mail)
  if waiting then
    redis.call('HSET', state, 'sched', enqueue(conversation, waiting.scopes))
    redis.call('PERSIST', state)
  else
    redis.call('DEL', mail, turn) -- a turn is left where its event was erased while it was in hand
    redis.call('HDEL', state, 'sched', 'told')
    redis.call('EXPIRE', state, ttl)
  end
end

-- Ends a claim.
local function hand_in(state, conversation, epoch)
  redis.call('HDEL', state, 'epoch', 'nonce', 'sched')
  redis.call('HSET', state, 'done', epoch)
  put_away(conversation)
end
