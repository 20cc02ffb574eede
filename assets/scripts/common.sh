
# --- what both scripts share ---

made=
principal=
reason=
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
trap 'stop "it was cut off."' INT TERM HUP

# Words for the person; standard output is for the one line that is pasted back.
say() { printf '%s\n' "$*" >&2; }

stop() {
  say ""
  say "Stopped: $1"
  shift
  for line; do say "$line"; done
  [ -z "$made" ] || say "Made so far: $made. Run the same script again: it goes on from there."
  exit 1
}

is_guid() {
  case $1 in
    *[!0-9a-fA-F-]*) return 1 ;;
    ????????-????-????-????-????????????) return 0 ;;
    *) return 1 ;;
  esac
}

# Asks Microsoft Graph: METHOD PATH, then options of az. Sets $answer to its lines, or $reason to why not. The token
# that az takes for it is for this cloud's Graph alone, whatever host az would guess.
ask() {
  method=$1
  path=$2
  shift 2
  if answer=$(az rest --method "$method" --url "$graph_url$path" --resource "$graph_url" \
    --only-show-errors --output tsv "$@" 2>"$errors" </dev/null); then
    answer=$(printf '%s' "$answer" | tr -d '\r')
    reason=
  else
    answer=
    reason=$(cat "$errors")
    return 1
  fi
}

# Whether the last failure is for good: who is logged in may not do it.
refused() {
  case $reason in
    *Authorization_RequestDenied* | *Forbidden* | *"nsufficient privileges"*) return 0 ;;
    *) return 1 ;;
  esac
}

# Waits before the next try; fails after the sixth. What was just made is not at once everywhere at Microsoft.
again() {
  try=$((try + 1))
  [ "$try" -lt 6 ] || return 1
  say "  not there yet; trying again in $((try * 5)) s ($try of 5)"
  sleep $((try * 5))
}

# Puts the IDs into a link.
link() { printf '%s' "$1" | sed "s/TENANT/$tenant/; s/CLIENT/$client/"; }

# Sets $tenant: az is here, works with the right cloud, and somebody is logged in to the right tenant.
look_at_az() {
  command -v az >/dev/null 2>&1 || stop "the Azure CLI (az) is not on this machine." \
    "Install it (https://aka.ms/azure-cli), or run this in the Azure portal's Cloud Shell, which has it."
  login="az login --allow-no-subscriptions"
  [ -z "$want_tenant" ] || login="$login --tenant $want_tenant"
  found=$(az cloud show --query name --output tsv </dev/null) || stop "az does not tell which cloud it works with."
  found=$(printf '%s' "$found" | tr -d '\r')
  [ "$found" = "$az_cloud" ] || stop "az works with the cloud $found, but the tenant is in $az_cloud." \
    "Run: az cloud set --name $az_cloud" "then: $login" "then this script again."
  tenant=$(az account show --query tenantId --output tsv </dev/null) || stop "nobody is logged in to az." \
    "Run: $login" "then this script again."
  tenant=$(printf '%s' "$tenant" | tr -d '\r' | tr '[:upper:]' '[:lower:]')
  is_guid "$tenant" || stop "az does not tell which tenant it is logged in to." "Run: $login" "then this script again."
  case $want_tenant in
    '') say "Tenant: $tenant" && return 0 ;;
    "$tenant") return 0 ;;
  esac
  # A domain's tenant is known by its verified domains.
  if ! is_guid "$want_tenant"; then
    ask get /v1.0/organization --url-parameters '$select=verifiedDomains' --query 'value[0].verifiedDomains[].name' ||
      stop "the tenant's domains cannot be read." "az says: $reason"
    printf '%s\n' "$answer" | grep -Fixq -- "$want_tenant" && return 0
  fi
  stop "az is logged in to the tenant $tenant, and not to $want_tenant." "Run: $login" "then this script again."
}

# Sets $resource and $role_ids. The permissions' IDs are looked up by name: clouds may differ in them.
look_up_roles() {
  ask get /v1.0/servicePrincipals --url-parameters "\$filter=appId eq '$graph_app'" '$select=id,appRoles' \
    --query 'value[0].[[id], appRoles[?contains(allowedMemberTypes, `"Application"`)].join(`"="`, [value, id])][]' ||
    stop "the permissions of Microsoft Graph cannot be read." "az says: $reason"
  resource=$(printf '%s\n' "$answer" | sed -n 1p)
  is_guid "$resource" || stop "this tenant has no service principal of Microsoft Graph."
  role_ids=
  for permission in $permissions; do
    id=$(printf '%s\n' "$answer" | awk -F= -v name="$permission" '$1 == name { print $2 }')
    is_guid "$id" || stop "Microsoft Graph has no application permission $permission in this cloud."
    role_ids="$role_ids $id"
  done
}

# Sets $principal: the app's service principal, made if it is not there.
find_principal() {
  try=0
  while :; do
    ask get /v1.0/servicePrincipals --url-parameters "\$filter=appId eq '$client'" '$select=id' --query 'value[0].id' || :
    is_guid "$answer" || ask post /v1.0/servicePrincipals --body "{\"appId\":\"$client\"}" --query id || :
    if is_guid "$answer"; then
      principal=$answer
      return
    fi
    if refused || ! again; then
      stop "the app's service principal cannot be made." "az says: $reason"
    fi
  done
}

# Assigns the permissions that are not assigned yet, which is what consent is. Fails where that is refused.
consent() {
  ask get "/v1.0/servicePrincipals/$principal/appRoleAssignments" --query 'value[].appRoleId' || :
  assigned=$answer
  for id in $role_ids; do
    case $assigned in *"$id"*) continue ;; esac
    try=0
    until ask post "/v1.0/servicePrincipals/$principal/appRoleAssignments" \
      --body "{\"principalId\":\"$principal\",\"resourceId\":\"$resource\",\"appRoleId\":\"$id\"}" --query appRoleId; do
      case $reason in *"already exists"*) break ;; esac
      if refused || ! again; then return 1; fi
    done
  done
}

# The line to paste back: the only one on standard output.
line() {
  say ""
  say "Paste this line into tenantry:"
  printf 'tenant=%s client=%s cloud=%s\n' "$tenant" "$client" "$cloud"
}
