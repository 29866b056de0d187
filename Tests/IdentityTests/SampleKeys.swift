/// Keys that were made for these tests, and are nowhere else.
enum SampleKeys {
    /// An RSA key of 2048 bits.
    static let rsaPrivate = """
        -----BEGIN RSA PRIVATE KEY-----
        MIIEowIBAAKCAQEAnwWd3p3T1pgK3FVHTCwweVG4+8xeq4ttKpb/mJZMWVg2795V
        p2hQ4svQIbYwfEi8x9c8GpEVV0toSl8RZ90V2mpAvCGfh3v/IyZEUbOrpsZkx/iA
        Ez0aTCdiHf8EMs/ET66emTFQY2hFcgkD55i6kCxSUMj+349vSe5t7s9Du0FFTcvD
        8jrvwy4dfZ5xfIanBY0TMN3lGKChrHclOttVxohGSSxPiwPyelxvHHsyLHwhVzTM
        H63R+LYEBzRsMxIU8qvEUGkizOA9m/M5jTE+G3adHBoEfl26vUOSMsTqBNsXqu3D
        e8zC8qLUci4+SOcat0biIBuQDRer9mGTFZ/9GwIDAQABAoIBABja9GN80MUca6on
        rCa0S3lS9DJrLarrdosvIdE0QMfAOYoBeurZK7dfOu9h/i8W4Wbs9eiDH85Oq4Tg
        WiSdUlKaw/aD3N782xKf4xLQHfbJ0KvO5BndtZQMndHpb7sPbXQ063YvVozLGfuq
        fBFBdnudadpVqDzCOxdXrJgkjkYgvPQ8Yf8EzAeRT7tBnSDoCjl8dU3cjrCJThG9
        h/AFUrS6wC3Qaaeztp9zWLRa3hJ+sG43KwoD02QwqqEh9THe8O1wvPI5mSePFxgj
        DJ9NkWq3P1YZORfwMt3V0P9XCVF2vuBnlEPe3BuqFbV28WbxV/eXyooNf0rAG/za
        zpZXzV0CgYEA0y+odLBpHBc5MyExegZThAG75PIN1BB2yYJMo54Qup+6op7yqfkV
        a4fspzkiUO74p6hITxzklIfgt0LstKvjyctQaur9Arho2j7s1ENoBBP/H0Ek2UL6
        StNtnAXMO9CX5J0UXkdP99Huzw4yJOWZddDhr+K1YRUhdXmfjlWptWcCgYEAwMQ5
        BXjn7jp/3EoF95x1HGdtseRydbH0n1hynV07TKO8lb46gn3d7Lh7cqy2zLAxXiUk
        tnYwAdklZumtfIcKPGY0ykvHrz1VcicTzA6J/iewa72HXTX7o9hGU9CTv5+JZ4hL
        w7Yj2XJ+1HTAD36AF3Zgi2aYvrz/NC0wsdZB1i0CgYBySRY2n8kiBIdV3h6yVH4Z
        r/6ItV06Z/aAslzbJo0TEaGko7PavAsVeCdfj5G8jrZNtMn81jv1DVtUkYkbdPH+
        oGJSmfx13moPwYHUlO3TVyb3OP/B+3cLy0ND7fdKX2Xzt/Xv11O1XwyHTL1iLkZP
        9cxMrLlPYmoK8tif5EfE/QKBgCETSilrNniE5x14Qg/bc6i9AnBsn0scjrmspnXj
        4mHjEl+rNUTgreyJNv1VL0Rt0vqxatw36ULX7Hf9Dnx4e0Qj0VkIqami339nvxjb
        QcgvLTE/YvOWaKgTWvXUqxVNHXl7RGy/WuVbpPF1WuMNtJLSB/zDTOAlc7CTNHC/
        L6q9AoGBAMgRCINVC1UePCsSCGBXzLuZ/BEDFjMCR9h2Ziwc0B6Vy/KLx7QY23s/
        8IbhenlPrD2TsrVcnaWMVaHgyDmRhdpaFkTd7yA0N7U0PXD85nBABy+QOlqvdscC
        51MzxMCDGXWGonH5Wq3CRbnFb4ejRzDx5dYEMnJW3tCHaWB63t35
        -----END RSA PRIVATE KEY-----
        """

    /// Its public half.
    static let rsaPublic = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnwWd3p3T1pgK3FVHTCww
        eVG4+8xeq4ttKpb/mJZMWVg2795Vp2hQ4svQIbYwfEi8x9c8GpEVV0toSl8RZ90V
        2mpAvCGfh3v/IyZEUbOrpsZkx/iAEz0aTCdiHf8EMs/ET66emTFQY2hFcgkD55i6
        kCxSUMj+349vSe5t7s9Du0FFTcvD8jrvwy4dfZ5xfIanBY0TMN3lGKChrHclOttV
        xohGSSxPiwPyelxvHHsyLHwhVzTMH63R+LYEBzRsMxIU8qvEUGkizOA9m/M5jTE+
        G3adHBoEfl26vUOSMsTqBNsXqu3De8zC8qLUci4+SOcat0biIBuQDRer9mGTFZ/9
        GwIDAQAB
        -----END PUBLIC KEY-----
        """

    /// The public half of an RSA key of 1024 bits.
    static let shortRSAPublic = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDlCmIkUCywElATcFDdN6P8Sa5m
        BpwimI4stpj+JUjEUOwSpopzjh45rnrr2nncasFb0GjpOtVo3TWet2E9QqcjGP/I
        6YCss66Q/WKnIZt5vfynQkieAS+fokMwJ/lSPKcFhBOGDybo1Ojup3mdTis8EQat
        VDpTz2qSpOoc6cNseQIDAQAB
        -----END PUBLIC KEY-----
        """

    /// A secret for HS256.
    static let secret = "a secret for tests with 32 bytes or some more"
}
