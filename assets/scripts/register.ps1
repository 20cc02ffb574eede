
# --- registering ---

Connect-Tenant
Find-Roles

# Another app of that name is left alone. One that this script made carries its mark: it was cut off then.
$filter = [Uri]::EscapeDataString("displayName eq '$($name.Replace("'", "''"))'")
$apps = @((Ask 'GET' "/v1.0/applications?`$filter=$filter&`$select=appId,tags").value)
if ($apps.Count -eq 1 -and $apps[0].tags -contains $mark) {
    $script:client = $apps[0].appId
    Say "Going on with the app registration that this script made: $($script:client)"
}
elseif ($apps.Count -gt 0) {
    Stop-Here 'an app registration of that name is already there. It was not touched:' @(
        @($apps | ForEach-Object { $_.appId }) + 'Delete it if nobody needs it, or make this script again with another name.')
}
else {
    $app = @{
        displayName            = $name
        signInAudience         = 'AzureADMyOrg'
        tags                   = @($mark)
        requiredResourceAccess = @(@{
                resourceAppId  = $graphApp
                resourceAccess = @($script:roleIds | ForEach-Object { @{ id = $_; type = 'Role' } })
            })
    }
    if ($key) {
        $app.keyCredentials = @(@{ type = 'AsymmetricX509Cert'; usage = 'Verify'; key = $key; displayName = $keyDisplay })
    }
    # ASCII alone: the older PowerShell would send other letters in another code page.
    $body = [regex]::Replace((ConvertTo-Json $app -Depth 6), '[^\x00-\x7f]', { param($m) '\u{0:x4}' -f [int][char]$m.Value })
    try { $script:client = (Ask 'POST' '/v1.0/applications' $body).appId }
    catch {
        Stop-Here 'the app cannot be registered. That takes the role Application Developer or one above it.' @(Get-Reason $_)
    }
    Say "Registered: client ID $($script:client)"
}
$script:made = "the app registration (client ID $($script:client))"

Find-Principal
$script:made += ' and its service principal'

$reason = Grant-Consent
if (-not $reason) {
    Say "Consent is given for: $($permissions -join ' ')"
}
else {
    Say ''
    Say "The app is registered, but consent is not given: the permissions $($permissions -join ' ') have to be allowed by"
    Say 'somebody who is Privileged Role Administrator or Global Administrator in this tenant.'
    Say $reason
    Say 'That person opens this page and presses Grant admin consent:'
    Say "  $(Get-Link $permissionsPage)"
    Say "or runs the second script, which tenantry makes: the wizard's next page, or"
    Say "  tenantry script consent --shell powershell --cloud $cloud --tenant-id $($script:tenant) --client-id $($script:client)"
}
Write-Line
