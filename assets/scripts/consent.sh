
# --- consenting ---

look_at_az
look_up_roles
find_principal

consent || stop "consent cannot be given by who is logged in. That takes Privileged Role Administrator or Global Administrator." \
  "az says: $reason" "The page for it: $(link "$permissions_page")"
say "Consent is given for: $permissions"
line
