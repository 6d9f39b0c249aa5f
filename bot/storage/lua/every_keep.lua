-- Changes a schedule that there still is. With `expected`, only one that is due at that time: of several that fire it, the
-- first moves it on.
local schedules, due = unpack(KEYS)
local id, member, sealed, at, expected = unpack(ARGV)

local known = redis.call('ZSCORE', due, member)
if redis.call('HEXISTS', schedules, id) == 0 then return 0 end
if expected ~= '' and tonumber(known) ~= tonumber(expected) then return 0 end
redis.call('HSET', schedules, id, sealed)
redis.call('ZADD', due, at, member)
return 1
