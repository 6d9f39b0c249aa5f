-- Erases a conversation's history; its queue entry and the thread's model stay.
local history = KEYS[1]
local turns = redis.call('LLEN', history)
redis.call('DEL', history)
return turns
