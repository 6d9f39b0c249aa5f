-- Whether this turn may ask what was due then: the first that wants to, however often it comes, and no other.
local schedules = KEYS[1]
local id, moment, turn = unpack(ARGV)

if redis.call('HEXISTS', schedules, id) == 0 then return 0 end
local last, by = string.match(redis.call('HGET', schedules, id .. ':t') or '', '^(%d+) (.*)$')
if last and tonumber(last) >= tonumber(moment) then return (last == moment and by == turn) and 1 or 0 end
redis.call('HSET', schedules, id .. ':t', moment .. ' ' .. turn)
return 1
