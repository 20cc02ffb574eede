
# --- registering ---

look_at_az
look_up_roles

# Another app of that name is left alone. One that this script made carries its mark: it was cut off then.
ask get /v1.0/applications --url-parameters "\$filter=$name_filter" '$select=appId,tags' \
  --query 'value[].join(`" "`, [appId, join(`","`, tags || `[]`)])' ||
  stop "the tenant's app registrations cannot be read." "az says: $reason"
if [ -n "$answer" ]; then
  client=${answer%% *}
  case "$(printf '%s\n' "$answer" | wc -l | tr -d ' '):,${answer#* }," in
    1:*",$mark,"*) say "Going on with the app registration that this script made: $client" ;;
    *) stop "an app registration of that name is already there. It was not touched:" "$answer" \
      "Delete it if nobody needs it, or make this script again with another name." ;;
  esac
else
  access=
  for id in $role_ids; do
    access="$access${access:+,}{\"id\":\"$id\",\"type\":\"Role\"}"
  done
  access="[{\"resourceAppId\":\"$graph_app\",\"resourceAccess\":[$access]}]"
  ask post /v1.0/applications --body "{$app_json,\"requiredResourceAccess\":$access}" --query appId ||
    stop "the app cannot be registered. That takes the role Application Developer or one above it." "az says: $reason"
  client=$answer
  is_guid "$client" || stop "Microsoft did not tell the new app's client ID: look for it in the portal."
  say "Registered: client ID $client"
fi
made="the app registration (client ID $client)"

find_principal
made="$made and its service principal"

if consent; then
  say "Consent is given for: $permissions"
  line
else
  say ""
  say "The app is registered, but consent is not given: the permissions $permissions have to be allowed by somebody who"
  say "is Privileged Role Administrator or Global Administrator in this tenant."
  say "az says: $reason"
  say "That person opens this page and presses Grant admin consent:"
  say "  $(link "$permissions_page")"
  say "or runs the second script, which tenantry makes: the wizard's next page, or"
  say "  tenantry script consent --cloud $cloud --tenant-id $tenant --client-id $client"
  line
  exit 3
fi
