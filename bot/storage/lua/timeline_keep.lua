-- Stores a picture of a post.
local pictures, gone = unpack(KEYS)
local id, sealed, ttl = unpack(ARGV)

if redis.call('EXISTS', gone) == 1 then return 'gone' end
redis.call('HSET', pictures, id, sealed)
redis.call('EXPIRE', pictures, ttl)
return 'held'
