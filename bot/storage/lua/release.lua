-- Gives the conversation back to be claimed at once by another worker; not a failure.
local state, mail, turn = unpack(KEYS, 7)
local _, conversation, epoch, ttl = unpack(ARGV)

local how = standing(state, epoch)
if how ~= 'held' then return how end
hand_in(state, conversation, epoch)
schedule(state, mail, turn, conversation, ttl)
return 'held'
