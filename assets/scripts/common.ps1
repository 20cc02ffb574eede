
# --- what both scripts share ---

function Say($text) { Write-Host $text }

function Stop-Here($what, $more) {
    Write-Host ''
    Write-Host "Stopped: $what" -ForegroundColor Red
    foreach ($line in $more) { Write-Host $line }
    if ($script:made) { Write-Host "Made so far: $($script:made). Run the same script again: it goes on from there." }
    throw 'tenantry: stopped'
}

# Asks Microsoft Graph. The module sends its token to this cloud's Graph alone.
function Ask($method, $path, $body) {
    $call = @{ Method = $method; Uri = "$graphUrl$path"; OutputType = 'PSObject'; ErrorAction = 'Stop' }
    if ($body) {
        $call.Body = $body
        $call.ContentType = 'application/json'
    }
    Invoke-MgGraphRequest @call
}

# The service's own words for a failure.
function Get-Reason($failure) { "$($failure.Exception.Message) $($failure.ErrorDetails.Message)" }

function Test-Refused($reason) { $reason -match 'Authorization_RequestDenied|Forbidden|nsufficient privileges' }

# Calls a block until it answers, six times at most. What was just made is not at once everywhere at Microsoft.
function Invoke-Patiently($block) {
    for ($try = 1; ; $try++) {
        try { return & $block }
        catch {
            $reason = Get-Reason $_
            if ((Test-Refused $reason) -or ($try -ge 6)) { throw }
            Say "  not there yet; trying again in $($try * 5) s ($try of 5)"
            Start-Sleep -Seconds ($try * 5)
        }
    }
}

function Get-Link($text) { $text.Replace('TENANT', $script:tenant).Replace('CLIENT', $script:client) }

# Logs in to the right cloud and tenant, and sets $tenant.
function Connect-Tenant {
    if (-not (Get-Module -ListAvailable -Name Microsoft.Graph.Authentication)) {
        Stop-Here 'the PowerShell module Microsoft.Graph.Authentication is not on this machine.' @(
            'Run: Install-Module Microsoft.Graph.Authentication -Scope CurrentUser')
    }
    Import-Module Microsoft.Graph.Authentication
    $connect = @{ Environment = $environment; Scopes = $scopes; ErrorAction = 'Stop' }
    if ($wantTenant) { $connect.TenantId = $wantTenant }
    try { Connect-MgGraph @connect | Out-Null }
    catch {
        Stop-Here 'nobody could be logged in.' @(
            (Get-Reason $_),
            "It asks for these rights, which an administrator may have to allow for Microsoft's own app: $($scopes -join ', ')")
    }
    $context = Get-MgContext
    $script:tenant = "$($context.TenantId)".ToLowerInvariant()
    if ($context.Environment -ne $environment) {
        Stop-Here "the login is to the cloud $($context.Environment), but the tenant is in $environment." @(
            'Run: Disconnect-MgGraph', 'then this script again.')
    }
    if (-not $wantTenant) { Say "Tenant: $($script:tenant)"; return }
    if ($wantTenant -eq $script:tenant) { return }
    # A domain's tenant is known by its verified domains.
    $domains = (Ask 'GET' '/v1.0/organization?$select=verifiedDomains').value.verifiedDomains.name
    if ($domains -notcontains $wantTenant) {
        Stop-Here "the login is to the tenant $($script:tenant), and not to $wantTenant." @(
            'Run: Disconnect-MgGraph', 'then this script again.')
    }
}

# Sets $resource and $roleIds. The permissions' IDs are looked up by name: clouds may differ in them.
function Find-Roles {
    $found = (Ask 'GET' "/v1.0/servicePrincipals?`$filter=appId eq '$graphApp'&`$select=id,appRoles").value
    if (-not $found) { Stop-Here 'this tenant has no service principal of Microsoft Graph.' }
    $script:resource = @($found)[0].id
    $script:roleIds = @(foreach ($permission in $permissions) {
            $role = @($found)[0].appRoles |
                Where-Object { $_.value -eq $permission -and $_.allowedMemberTypes -contains 'Application' }
            if (-not $role) { Stop-Here "Microsoft Graph has no application permission $permission in this cloud." }
            @($role)[0].id
        })
}

# Sets $principal: the app's service principal, made if it is not there.
function Find-Principal {
    try {
        $script:principal = Invoke-Patiently {
            $found = (Ask 'GET' "/v1.0/servicePrincipals?`$filter=appId eq '$($script:client)'&`$select=id").value
            if ($found) { @($found)[0].id }
            else { (Ask 'POST' '/v1.0/servicePrincipals' (ConvertTo-Json @{ appId = $script:client })).id }
        }
    }
    catch { Stop-Here "the app's service principal cannot be made." @(Get-Reason $_) }
}

# Assigns the permissions that are not assigned yet, which is what consent is. Returns why not, where it is refused.
function Grant-Consent {
    $path = "/v1.0/servicePrincipals/$($script:principal)/appRoleAssignments"
    try {
        $assigned = @((Invoke-Patiently { Ask 'GET' $path }).value.appRoleId)
        foreach ($id in $script:roleIds) {
            if ($assigned -contains $id) { continue }
            $body = ConvertTo-Json @{ principalId = $script:principal; resourceId = $script:resource; appRoleId = $id }
            Invoke-Patiently {
                try { Ask 'POST' $path $body }
                catch { if ((Get-Reason $_) -notmatch 'already exists') { throw } }
            } | Out-Null
        }
    }
    catch { return Get-Reason $_ }
}

# The line to paste back: the only one on the output.
function Write-Line {
    Say ''
    Say 'Paste this line into tenantry:'
    Write-Output "tenant=$($script:tenant) client=$($script:client) cloud=$cloud"
}
