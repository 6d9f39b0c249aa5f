-- Erases the dead letters that are too old or too many; returns how many are left.
local dead, times = unpack(KEYS)
age(dead, times, ARGV[1], ARGV[2])
return redis.call('ZCARD', times)
