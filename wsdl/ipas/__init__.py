"""Our own profile of IPAS's SOAP service, as files: `IpasServices.wsdl` and the schemas it includes."""
