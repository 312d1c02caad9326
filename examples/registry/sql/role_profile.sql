-- A role of nobody is no row to leave out quietly: error() ends the run, and nothing is published.
select distinct
  md5('role_profile|' || borrower_id || '|' || lower(role_profile)) as role_profile_id,
  case
    when borrower.id is null then error('role_profile names the borrower ' || borrower_id || ', who is not there')
    else md5('user|' || borrower.id)
  end as user_id,
  md5('role_profile_type|' || lower(role_profile)) as role_profile_type_id,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from role_profile left join borrower on borrower.id = borrower_id, source
order by role_profile_id
