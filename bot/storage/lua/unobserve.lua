-- Erases a person's observations. Whoever leaves is put down first, so that a turn in hand adds none afterwards.
local scores, scored, left = unpack(KEYS)
local ending, leaver = unpack(ARGV)
run_when_full(scores)
if leaver ~= '' then redis.call('SADD', left, leaver) end
return unobserve(scores, scored, ending)
