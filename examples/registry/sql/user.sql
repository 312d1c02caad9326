-- Keys are hashes of what makes a row what it is: the same on every run, and in every table that refers to it.
select
  md5('user|' || id) as user_id,
  id as borrower_id,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from borrower, source
order by id
