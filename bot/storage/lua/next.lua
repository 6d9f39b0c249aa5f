-- Hands the next conversations to a worker, one of each person in turn. `most`: of one person in hand at once. `shunned`:
-- people to be passed over, as this worker has enough of them in hand already.
local _, worker, limit, lease, most, shunned = unpack(ARGV)
limit, lease, most = tonumber(limit), tonumber(lease), tonumber(most)

local passed = {}
for _, who in ipairs(cjson.decode(shunned)) do passed[who] = true end

-- The first conversation of the first person in this workspace who may be served, or nil.
local function serve(workspace)
  local skipped = 0
  while true do
    local place = beginning(PEOPLE, workspace, skipped)
    if not place then return nil end
    local person = string.sub(place, 35)
    local who = workspace .. ':' .. person
    if passed[who] then
      skipped = skipped + 1
    else
      leave_line(workspace, person)
      local running = tonumber(redis.call('HGET', DESK, 'r:' .. who) or 0)
      local waiting = running < most and beginning(QUEUE, who)
      if waiting then
        redis.call('ZREM', QUEUE, waiting)
        redis.call('HINCRBY', DESK, 'r:' .. who, 1)
        if beginning(QUEUE, who) then stand_in_line(workspace, person) end
        return string.sub(waiting, 52), string.sub(waiting, 35, 50)
      end
    end
  end
end

local served, at = {}, 0
while #served < limit do
  local workspace = redis.call('ZRANGE', LINE, at, at)[1]
  if not workspace then break end
  local conversation, entry = serve(workspace)
  if conversation then
    hand_over(conversation, worker, entry, lease)
    table.insert(served, { conversation, entry, redis.call('HGET', DESK, 'a:' .. conversation) })
    -- Its next turn comes after those of all the others.
    redis.call('ZADD', LINE, 'XX', number(), workspace)
    at = 0
  elseif redis.call('ZSCORE', LINE, workspace) then
    at = at + 1
  end
end
return served
