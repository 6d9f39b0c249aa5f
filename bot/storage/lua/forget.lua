-- Erases what a conversation remembers; its place in line and the thread's model stay.
local history = KEYS[1]
local turns = redis.call('LLEN', history)
redis.call('DEL', history)
return turns
