"""The SOAP door: one address, both SOAP versions, every operation of the WSDL."""
