-- Gives the conversation back to be claimed at once by another worker; not a failure.
local state, mail, ready = unpack(KEYS)
local conversation, epoch, entry, ttl = unpack(ARGV)

local how = standing(state, epoch)
if how ~= 'held' then return how end
hand_in(state, ready, entry, epoch)
schedule(state, mail, ready, conversation, ttl)
return 'held'
