-- A row keeps the spec alone: kind, name and labels have columns of their own. `json`, not `jsonb`, leaves the text of
-- the spec as it was written.
ALTER TABLE resource RENAME COLUMN document TO spec;
UPDATE resource SET spec = (spec::json -> 'spec')::text;
