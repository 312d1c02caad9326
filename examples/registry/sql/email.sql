select
  md5('email|' || id || '|primary') as email_id,
  md5('user|' || id) as user_id,
  md5('email_type|primary') as email_type_id,
  lower(trim(email)) as email,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from borrower, source
where email is not null
order by id
