-- Adds posts to the timeline, or rewrites existing ones, and records each as a change.
local seq, log, chats, titles, order, posts, owners, growing, gone = unpack(KEYS)
local chat, title, kept, ttl, day = unpack(ARGV, 1, 5)
local FIRST, WIDTH = 6, 7

if redis.call('EXISTS', gone) == 1 then return 'gone' end

local wanted = {}
for at = FIRST, #ARGV, WIDTH do
  local id, person, after, turn, attempt, grows, sealed = unpack(ARGV, at, at + WIDTH - 1)
  local owner = redis.call('HGET', owners, id)
  local before, by = string.match(owner or '', '^(%d+) (.*)$')
  if owner and by == turn and tonumber(before) > tonumber(attempt) then return 'fenced' end
  if not (owner and person == '1') then
    table.insert(wanted, { id = id, after = after, turn = turn, attempt = attempt, growing = grows, sealed = sealed, new = not owner })
  end
end

-- A whole number is a post's own place; posts placed under another one get the fractions after its number.
local function place(after)
  local score = after ~= '' and redis.call('ZSCORE', order, after)
  if score then
    local whole = math.floor(tonumber(score))
    local last = redis.call('ZREVRANGEBYSCORE', order, '(' .. (whole + 1), whole, 'WITHSCORES', 'LIMIT', 0, 1)
    return tonumber(last[2]) + 1 / 1024
  end
  local last = redis.call('ZREVRANGE', order, 0, 0, 'WITHSCORES')
  return math.floor(tonumber(last[2] or '0')) + 1
end

for _, post in ipairs(wanted) do
  if post.new then redis.call('ZADD', order, string.format('%.17g', place(post.after)), post.id) end
  redis.call('HSET', owners, post.id, post.attempt .. ' ' .. post.turn)
  redis.call('HSET', posts, post.id, post.sealed)
  ungrown(growing, post.id)
  if post.growing == '1' then
    redis.call('HSET', growing, post.id, 0)
    redis.call('EXPIRE', growing, day)
  end
  redis.call('XADD', log, 'MAXLEN', '~', kept, redis.call('INCR', seq) .. '-0', 'k', 'post', 'c', chat, 'd', post.sealed, 'i', post.id)
end
if #wanted > 0 then
  if title ~= '' then redis.call('HSETNX', titles, chat, title) end
  redis.call('ZADD', chats, now(), chat)
  redis.call('EXPIRE', log, day)
  for _, key in ipairs({ order, posts, owners }) do redis.call('EXPIRE', key, ttl) end
end
return 'held'
