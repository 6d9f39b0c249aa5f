-- Gives a conversation another title.
local seq, log, chats, titles = unpack(KEYS)
local chat, title, kept, day = unpack(ARGV)

if not redis.call('ZSCORE', chats, chat) then return 0 end
redis.call('HSET', titles, chat, title)
redis.call('XADD', log, 'MAXLEN', '~', kept, redis.call('INCR', seq) .. '-0', 'k', 'title', 'c', chat, 'd', title, 'i', '')
redis.call('EXPIRE', log, day)
return 1
