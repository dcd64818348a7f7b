/**
 * A certificate for `localhost` that vouches for itself, valid for a century, so that TLS can be tested
 * without openssl on the machine. Its key is public: it protects nothing.
 */
export const LOCALHOST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHyR55eRy8tvKJyo/
fdHkdKk5YRvoVytgOJ0f+CQhW02hRANCAATcPrrAm6ztAS7sESWzqRo1gvcmNW2c
hsFKw7GxUeIJZ77LtyOqa5hWveo7QMgjUwOiwtmouwU8snJ3bHeOd8IK
-----END PRIVATE KEY-----
`;

export const LOCALHOST_CERT = `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIULJiY6OS2M1q1x10ZryoG2k2NGmwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMDIyNTM1OFoYDzIxMjYxMDI3
MjI1MzU4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATcPrrAm6ztAS7sESWzqRo1gvcmNW2chsFKw7GxUeIJZ77LtyOqa5hW
veo7QMgjUwOiwtmouwU8snJ3bHeOd8IKo2kwZzAdBgNVHQ4EFgQU6VTOcYALzYcm
sit9k8n+26Pp4ykwHwYDVR0jBBgwFoAU6VTOcYALzYcmsit9k8n+26Pp4ykwFAYD
VR0RBA0wC4IJbG9jYWxob3N0MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
SQAwRgIhAKqmUfreVI5zHVoLcn2IrAZYgMYqgIba1xOtXxkHfdNZAiEA9e3lFd9i
bYgKlkr98FfSp4O445TNJPR6Y9yYI9V8ccE=
-----END CERTIFICATE-----
`;
